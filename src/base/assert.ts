/** We are wrong: on in production, and not caught; the process ends rather than go on with a broken invariant. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

/** Throws `AssertionFailure` unless `condition` holds. `mustHold` says what must be true. */
export function assert(condition: unknown, mustHold: string): asserts condition {
  if (!condition) throw new AssertionFailure(mustHold)
}
