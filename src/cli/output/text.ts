/** Characters that take two columns of a terminal: East Asian wide ones and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Characters that take none: they join the one before. */
const NARROW = /\p{Mn}|\p{Me}|\p{Cf}/u;

function isControl(char: string): boolean {
  const code = char.charCodeAt(0);
  return code < 32 || (code >= 127 && code < 160);
}

/** One line of a foreign host's making: control characters are shown, not sent, so that it cannot steer the terminal. */
export function shown(text: string): string {
  return Array.from(text, (char) => {
    if (!isControl(char)) return char;
    return char === '\n' || char === '\t' ? ' ' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  }).join('');
}

function charWidth(char: string): number {
  if (NARROW.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Columns that a text takes in a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** A text with blanks up to a width. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** A text cut to a width, with an ellipsis where something is missing. */
export function clipText(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let kept = '';
  let taken = 0;
  for (const char of text) {
    taken += charWidth(char);
    if (taken > width - 1) break;
    kept += char;
  }
  return width > 0 ? `${kept}…` : '';
}
