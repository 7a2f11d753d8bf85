import { setFlagsFromString } from 'node:v8';

/**
 * How V8 keeps the heap of a server: many short requests, each of which leaves nothing behind.
 *
 * The collector begins when the heap has grown by half over what is alive, where V8 waits for up to thrice as much: a
 * server that does much stays near what it holds. Under a load of lists it takes a twentieth more CPU time.
 *
 * What is young is collected without helper threads: waking them costs more CPU time than they save, the more so on a
 * machine that is busy (a quarter of a list's).
 *
 * Nothing is born old. V8 learns from a few large pages, whose rows outlive a collection of the young, to put all such
 * objects among the old at once, and never unlearns it: each later request left garbage there, which cost a list half
 * as much CPU time again, and pauses of 50 ms.
 */
export function tuneHeap(): void {
  setFlagsFromString('--heap-growing-percent=50');
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--no-allocation-site-pretenuring');
}
