import type { Clock } from '../../base/env.ts'
import type { EngineSettings } from '../../promql/evaluate.ts'
import type { SeriesSource } from '../../storage/series-source.ts'
import { estimateRead } from '../../tsdb/estimate-read.ts'
import type { Window } from '../../tsdb/window/window.ts'
import { forecast } from './forecast.ts'
import { tryInline } from './inline-read.ts'
import type { Read } from './read.ts'

/** More time than a read takes on a machine that is busy otherwise. */
const READ_MS_MAX = 10_000
const LIMITS = { samplesMax: 1_000_000, bytesMax: 32 * 2 ** 20 }

/**
 * A read of made-up windows as it is answered in the main thread, from its forecast on: compiled code asks what it was made for, so what is given
 * to it is made as it is made there. Returns the bytes of the answer.
 */
export async function rehearseInline(
  clock: Clock,
  settings: EngineSettings,
  read: Read,
  { windows, source }: { readonly windows: readonly Window[]; readonly source: SeriesSource },
): Promise<number> {
  forecast(read, settings, (request) => estimateRead(windows, [], request))
  const { signal } = new AbortController()
  const begun = clock.monotonic()
  const turn = { id: 0, signal, begun, queued: begun, deadline: begun + READ_MS_MAX, timeOut: () => {} }
  const done = await tryInline(read, turn, { clock, source, settings, limits: LIMITS, missing: [] })
  let byteCount = 0
  if (done !== undefined) for (const piece of done.result.body as Iterable<Uint8Array>) byteCount += piece.length
  return byteCount
}
