import { payloadOf, type Role } from '@orrery/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { future } from '../instant-option.js';
import { writeObject } from '../output/format.js';
import { tokenRow } from '../rows/token.js';

const ROLES: readonly Role[] = ['ADMIN', 'OPERATOR', 'MEMBER', 'READER', 'AGENT'];

/** Where jobs are that name no project: an agent's token is of one project, and mostly of this one. */
const DEFAULT_PROJECT = 'default';

interface Flags extends ServerOptions {
  readonly role: Role;
  readonly client?: string;
  readonly expires?: string;
}

function role(text: string): Role {
  const found = ROLES.find((known) => known === text.toUpperCase());
  if (found) return found;
  throw new InvalidArgumentError(`It is one of ${ROLES.join(', ').toLowerCase()}.`);
}

/** `orrery token create` */
export function registerTokenCreate(parent: Command, context: CommandContext): void {
  const command = parent
    .command('create')
    .argument('<name>', 'what it is for: people see this name')
    .description('make an API token; its secret is shown once, on standard output');
  withProject(withServer(command))
    .addOption(
      new Option('--role <role>', 'what its bearer may do')
        .choices(ROLES.map((known) => known.toLowerCase()))
        .argParser(role)
        .makeOptionMandatory(),
    )
    .option('-c, --client <client>', 'for an agent: the key of its client')
    .option('--expires <date>', 'when it ends: a date, or in how long: 90d (default: never)', future)
    .action(async (name: string, flags: Flags) => {
      const input = {
        name,
        role: flags.role,
        project: flags.project ?? (flags.role === 'AGENT' ? DEFAULT_PROJECT : undefined),
        clientKey: flags.client,
        expiresAt: flags.expires,
      };
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.apiTokenCreate({ input })).apiTokenCreate),
      );
      if (flags.output !== 'table') {
        writeObject(
          context.terminal,
          flags,
          { ...tokenRow(payload.apiToken, Date.now()), secret: payload.secret },
          payload,
        );
        return;
      }
      context.terminal.err(`The token ${payload.apiToken.id}; it is not shown again:\n`);
      context.terminal.out(`${payload.secret}\n`);
    });
  withExamples(command, [
    'token create web1 --role agent --client web1 > web1.token',
    'token create ci --role member --project shop --expires 90d',
  ]);
}
