import { type InputIssue, InvalidInputError } from '../../lib/errors.js';
import { isName, nameForm } from '../../lib/names.js';
import type { TaskReport } from '../report.js';

/** One task of a deployment's graph, as it is announced. */
export interface GraphTask {
  /** What it is called in the graph; left out: its name. */
  readonly id?: string | null | undefined;
  readonly name: string;
  /** The nodes it is executed on; none: a point of synchronisation. */
  readonly nodes?: readonly string[] | null | undefined;
}

/** A deployment's graph, as it is announced and kept. */
export interface DeploymentGraph {
  readonly tasks: readonly GraphTask[];
}

/** The most rows that one announcement makes. */
const MOST_ROWS = 100_000;
const LONGEST_NAME = 191;

const nameFault = (what: string): string => `${what} has ${nameForm(LONGEST_NAME)}.`;
const isGood = (text: string): boolean => isName(text, LONGEST_NAME);

function faultsOf(task: GraphTask, path: readonly (string | number)[]): InputIssue[] {
  const issues: InputIssue[] = [];
  if (task.id != null && !isGood(task.id)) issues.push({ path: [...path, 'id'], message: nameFault('An id') });
  if (!isGood(task.name)) issues.push({ path: [...path, 'name'], message: nameFault('A name') });
  for (const [index, node] of (task.nodes ?? []).entries()) {
    if (!isGood(node)) issues.push({ path: [...path, 'nodes', index], message: nameFault('A node') });
  }
  return issues;
}

/** What stands for a name on a node, and for no other. */
const placeKey = (name: string, node: string): string => `${node.length} ${node}${name}`;

/** The row of each task on each node, PENDING. Throws InvalidInputError, naming each fault (the first hundred). */
export function announcedTasks(graph: DeploymentGraph): TaskReport[] {
  const issues: InputIssue[] = [];
  const rows = new Map<string, TaskReport>();
  for (const [index, task] of graph.tasks.entries()) {
    const path = ['graph', 'tasks', index];
    issues.push(...faultsOf(task, path));
    const graphTaskId = task.id ?? task.name;
    const nodes = task.nodes?.length ? task.nodes : [''];
    for (const nodeId of nodes) {
      const key = placeKey(graphTaskId, nodeId);
      if (rows.has(key)) {
        const where = nodeId === '' ? 'without a node' : `on node "${nodeId}"`;
        issues.push({ path, message: `The task "${graphTaskId}" is announced twice ${where}.` });
      }
      rows.set(key, { graphTaskId, taskName: task.name, nodeId, attempt: 1, status: 'PENDING', announced: true });
    }
    if (issues.length >= 100) break;
    if (rows.size > MOST_ROWS) {
      const message = `One deployment announces at most ${MOST_ROWS} tasks on nodes: report the rest as they run.`;
      throw new InvalidInputError([{ path: ['graph', 'tasks'], message }]);
    }
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
  return [...rows.values()];
}

/** What a name leads to within one graph: one task's id, or several on the same node. */
const AMBIGUOUS = Symbol('ambiguous');
type Found = string | typeof AMBIGUOUS;

/** Finds announced tasks by what reporters call them. */
export class GraphIndex {
  readonly #ids = new Map<string, { name: string; nodes: Set<string> }>();
  readonly #byName = new Map<string, Found>();

  constructor(graph: DeploymentGraph | null) {
    for (const task of graph?.tasks ?? []) {
      const id = task.id ?? task.name;
      const nodes = task.nodes?.length ? task.nodes : [''];
      const known = this.#ids.get(id) ?? { name: task.name, nodes: new Set() };
      this.#ids.set(id, known);
      for (const node of nodes) {
        known.nodes.add(node);
        const key = placeKey(task.name, node);
        const other = this.#byName.get(key);
        this.#byName.set(key, other === undefined || other === id ? id : AMBIGUOUS);
      }
    }
  }

  /** The name under which a task was announced; null for one that was not. */
  nameOf(graphTaskId: string): string | null {
    return this.#ids.get(graphTaskId)?.name ?? null;
  }

  /** Whether the task was announced for the node. */
  has(graphTaskId: string, nodeId: string): boolean {
    return this.#ids.get(graphTaskId)?.nodes.has(nodeId) ?? false;
  }

  /** The announced task of this name on this node: its id, null when there is none, `ambiguous` when several are. */
  find(name: string, nodeId: string): { id: string | null; ambiguous: boolean } {
    const found = this.#byName.get(placeKey(name, nodeId));
    return found === AMBIGUOUS ? { id: null, ambiguous: true } : { id: found ?? null, ambiguous: false };
  }
}
