import { type Command, Option } from 'commander';
import { type CommandContext, texts, withExamples } from '../command.js';
import { seconds } from '../instant-option.js';
import { positive } from '../paging.js';
import { endpoint } from '../session.js';

interface Flags {
  readonly clientId: string;
  readonly server: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly allow?: readonly string[];
  readonly dataDir?: string;
  readonly name?: string;
  readonly project?: string;
  readonly maxRuns?: number;
  readonly grace?: number;
  readonly freezerAgent?: string;
}

/** `orrery agent` */
export function registerAgent(program: Command, { terminal, version }: CommandContext): void {
  const command = program
    .command('agent')
    .description('run the agent of this host: it takes the runs of its client and executes them')
    .requiredOption('--client-id <id>', "the client that this host is: a job document's client_id")
    .addOption(new Option('--server <address>', 'the server').env('ORRERY_URL').makeOptionMandatory())
    .addOption(new Option('--token-file <path>', 'a file that holds its token').env('ORRERY_TOKEN_FILE'))
    .addOption(new Option('--token <token>', 'its token (a file is safer: --token-file)').env('ORRERY_TOKEN'))
    .option('--allow <what>', 'what jobs may do besides backups: exec (commands)', texts)
    .option('--data-dir <dir>', 'where it keeps what it has not told the server yet (default: ~/.orrery/agent-ID)')
    .option('--name <name>', "this host's name, in lists and in backups (default: the system's)")
    .option('--project <name>', 'the project of the client, where the token sees several')
    .option('--max-runs <count>', 'so many runs at once (default: 8)', positive)
    .option('--grace <length>', 'how long runs have to end when it is stopped: 10m (default: 30s)', seconds)
    .option('--freezer-agent <path>', 'where freezer-agent is (default: on the PATH)')
    .action(async (flags: Flags) => {
      const { runAgent } = await import('../../main/agent.js');
      await runAgent({ ...flags, server: endpoint(flags.server) }, version, (line) => terminal.out(`${line}\n`));
    });
  withExamples(command, [
    'agent --client-id web1 --server https://orrery.example.org --token-file /etc/orrery/token',
    'agent --client-id web1 --server http://127.0.0.1:4000 --token-file web1.token --allow exec',
  ]);
}
