// Waiting with a condition and a deadline, and measuring. Nothing waits for a
// time to pass. Deadlines are for machines with more to do than they can: who
// passes never waits for one.

import assert from "node:assert/strict";

/// Whether the program runs under a sanitizer: slower, with more memory.
export const sanitized = process.env.SWITCHBOARD_SANITIZED === "1";

/// A span in milliseconds, longer where a sanitizer slows the program.
export function patience(milliseconds) {
  return sanitized ? milliseconds * 5 : milliseconds;
}

/// The program is gone: no use in waiting on.
export class Ended extends Error {
  constructor(service) {
    super(`the program ended early: ${JSON.stringify(service.exit)}\n${service.log.slice(-4000)}`);
  }
}

/// Waits until `condition` gives something true and returns that. A condition
/// that throws does not hold; what it threw last is told at the deadline.
export async function until(what, condition, timeout = 20000) {
  const deadline = Date.now() + patience(timeout);
  let failure;
  for (;;) {
    try {
      const result = await condition();
      if (result)
        return result;
      failure = undefined;
    } catch (error) {
      if (error instanceof Ended)
        throw error;
      failure = error;
    }
    if (Date.now() > deadline)
      throw new Error(`gave up waiting: ${what}`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/// Passes a promise on, or fails at the deadline.
export async function within(what, promise, timeout = 20000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up waiting: ${what}`)),
                       patience(timeout));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/// Measures until what is said of the figures holds, three times at most. One
/// measurement may be wrong on a machine that has something else to do; what
/// the program does wrong is wrong in each.
/// @param attempt throws an AssertionError where the figures are not right.
export async function measured(t, attempt) {
  for (let left = 2; ; --left)
    try {
      return await attempt();
    } catch (error) {
      if (left === 0 || !(error instanceof assert.AssertionError))
        throw error;
      t.diagnostic(`measured again: ${error.message}`);
    }
}
