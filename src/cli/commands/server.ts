import { type Command, Option } from 'commander';
import { type CommandContext, withExamples } from '../command.js';
import { FORMATS, type OutputOptions, writeRows } from '../output/format.js';
import { whole } from '../paging.js';

/** Commands whose flags are the settings, which only main knows: it is loaded for these alone. */
const CONFIGURED = ['serve', 'migrate', 'config'];
/** Commands that need to know every flag of every other. */
const KNOW_ALL = ['help', '_complete'];

type Flags = Record<string, string>;

/** The flags that a command's help names: those of the settings that it uses itself. All are taken, as files name all. */
type Used = (flag: string) => boolean;

const MIGRATING = new Set(['--database-url', '--database-pool', '--data-dir']);

/** The values of a flag that is given more than once. */
const joined = (value: string, before: string | undefined): string =>
  before === undefined ? value : `${before},${value}`;

/** Adds each setting of the configuration as a flag. */
async function addSettings(command: Command, used: Used): Promise<void> {
  const { settingFlags } = await import('../../main/setting-flags.js');
  command.option('--config <path>', 'a configuration file (YAML); each setting can be a line of it (ORRERY_CONFIG)');
  for (const { flag, variable, description, fallback, repeatable } of settingFlags()) {
    const shown = fallback === '' ? variable : `${variable}, default: ${fallback}`;
    const more = repeatable ? '; can be repeated' : '';
    const option = new Option(`${flag} <value>`, `${description} (${shown}${more})`).hideHelp(!used(flag));
    command.addOption(repeatable ? option.argParser(joined) : option);
  }
}

/** What the command line says of the settings: those flags that were given. */
function flagsOf(options: Readonly<Record<string, unknown>>, own: readonly string[] = []): Flags {
  const entries = Object.entries(options).filter(([name]) => !own.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}

function registerServe(program: Command, { terminal, version }: CommandContext): Command {
  const command = program
    .command('serve')
    .description('run a server; without any setting: on this host alone, with an embedded database')
    .action(async (options: Record<string, unknown>) => {
      const { serve } = await import('../../main/serve.js');
      await serve(flagsOf(options), version, (text) => terminal.out(text));
    });
  return withExamples(command, [
    'serve',
    'serve --port 4100 --data-dir /var/lib/orrery',
    'serve --database-url mysql://orrery@db/orrery --role api',
  ]);
}

interface MigrateFlags {
  readonly status?: boolean;
  readonly down: number;
}

function registerMigrate(program: Command, { terminal }: CommandContext): Command {
  const command = program
    .command('migrate')
    .description('bring the database to the schema of this version')
    .option('--status', 'show where the database stands, and change nothing')
    .addOption(
      new Option('--down <count>', 'take back so many of the newest migrations, with their data')
        .argParser(whole)
        .default(0),
    )
    .action(async (options: Record<string, unknown> & MigrateFlags) => {
      const { migrate } = await import('../../main/migrate.js');
      const { status = false, down } = options;
      await migrate(flagsOf(options, ['status', 'down']), { status, down }, (line) => terminal.out(`${line}\n`));
    });
  return withExamples(command, ['migrate', 'migrate --status', 'migrate --database-url mysql://orrery@db/orrery']);
}

function registerConfig(program: Command, { terminal }: CommandContext): Command {
  const command = program
    .command('config')
    .description(
      'show every setting, its value and where that comes from; secrets are masked. Takes every flag of "orrery serve"',
    )
    .addOption(new Option('-o, --output <format>', 'how to write the answer').choices(FORMATS).default('table'))
    .action(async (options: Record<string, unknown> & OutputOptions) => {
      const { shownConfiguration } = await import('../../main/show-config.js');
      const rows = await shownConfiguration(flagsOf(options, ['output']));
      writeRows(
        terminal,
        options,
        rows.map((row) => ({ ...row })),
        ['variable', 'value', 'source'],
      );
    });
  return withExamples(command, ['config', 'config -o json', 'config --port 4100']);
}

/** Registers the commands that run in this process instead of asking a server. */
export async function registerServer(
  program: Command,
  context: CommandContext,
  args: readonly string[],
): Promise<void> {
  const commands: readonly (readonly [Command, Used])[] = [
    [registerServe(program, context), () => true],
    [registerMigrate(program, context), (flag) => MIGRATING.has(flag)],
    [registerConfig(program, context), () => false],
  ];
  const asked = [...CONFIGURED, ...KNOW_ALL].some((name) => args.includes(name));
  if (asked) for (const [command, used] of commands) await addSettings(command, used);
}
