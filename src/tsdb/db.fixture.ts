import type { Env } from '../base/env.ts'
import type { SeriesGate } from '../storage/series-gate.ts'
import { type Db, type DbOptions, openDb } from './db.ts'

/** A database that runs, for tests and benchmarks. */
export interface RunningDb {
  readonly db: Db
  /** Ends it in order. */
  close(): Promise<void>
}

export async function runDb(
  env: Env,
  options: Partial<DbOptions> & {
    readonly exemplarsMax?: number
    readonly lateSpanMs?: number
    readonly gate?: SeriesGate
    readonly onTakes?: (db: Db) => void
    readonly onSelectable?: (db: Db) => void
  } = {},
): Promise<RunningDb> {
  const db = await openDb({ env, dir: '/data', retentionMs: 0, blockRangeMs: 7_200_000, walFsync: 'interval', ...options })
  db.keepExemplars(options.exemplarsMax ?? 0)
  db.takeLateSamples(options.lateSpanMs ?? 0)
  db.guard(options.gate)
  const controller = new AbortController()
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const done = db.run(controller.signal, resolve, {
    takes: () => options.onTakes?.(db),
    selectable: () => options.onSelectable?.(db),
  })
  done.catch(reject)
  await ready
  return {
    db,
    async close() {
      controller.abort()
      await done
    },
  }
}
