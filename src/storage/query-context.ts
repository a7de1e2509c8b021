import type { QueryBudget, QueryContext } from './series-source.ts'

const unlimited: QueryBudget = {
  chargeSamples() {},
  releaseSamples() {},
  chargeBytes() {},
  releaseBytes() {},
}

/** A context without limits: for reads that are ours, as a rule file's restore, or a test's. */
export function unlimitedContext(signal: AbortSignal = new AbortController().signal): QueryContext {
  return { signal, budget: unlimited }
}
