import { type FlagHelp, flagHelp } from '../config/show.js';

/** The settings as flags of `orrery serve`, for its help and its completion. */
export function settingFlags(): FlagHelp[] {
  return flagHelp();
}
