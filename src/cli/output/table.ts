import { cellText, type Row } from './cell.js';

const GAP = '  ';

function isControl(char: string): boolean {
  const code = char.charCodeAt(0);
  return code < 32 || (code >= 127 && code < 160);
}

/** A cell of a foreign host's making must not steer the terminal: control characters are shown, not sent. */
function shown(text: string): string {
  return Array.from(text, (char) => {
    if (!isControl(char)) return char;
    return char === '\n' || char === '\t' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  }).join('');
}

function heading(column: string): string {
  return column.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toUpperCase();
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Rows as aligned columns under their headings; the last column is cut at the terminal's width. */
export function formatTable(rows: readonly Row[], columns: readonly string[], width: number): string {
  const cells = rows.map((row) => columns.map((column) => shown(cellText(row[column]))));
  const widths = columns.map((column, index) =>
    Math.max(heading(column).length, ...cells.map((line) => line[index]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    clip(
      texts
        .map((text, index) => text.padEnd(widths[index] ?? 0))
        .join(GAP)
        .trimEnd(),
      width,
    );
  return `${[line(columns.map(heading)), ...cells.map(line)].join('\n')}\n`;
}
