import { parseArgs } from 'node:util'

export interface ProofArguments {
  readonly seed: number
  readonly count: number
  readonly minutes: number
  /** Without the peer, even where it is. */
  readonly alone: boolean
}

/** `--seed --count --minutes` of a proof; the seed is drawn when it is not given, and printed either way. */
export function proofArguments(defaults: { readonly count?: number; readonly minutes?: number }): ProofArguments {
  const { values } = parseArgs({
    options: { seed: { type: 'string' }, count: { type: 'string' }, minutes: { type: 'string' }, alone: { type: 'boolean' } },
  })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const parsed = {
    seed,
    count: Number(values.count ?? defaults.count ?? 0),
    minutes: Number(values.minutes ?? defaults.minutes ?? 0),
    alone: values.alone ?? false,
  }
  console.log(`seed ${parsed.seed}${parsed.count ? `, count ${parsed.count}` : ''}${parsed.minutes ? `, minutes ${parsed.minutes}` : ''}`)
  return parsed
}
