import type { TakeOverOptions, TakeOverReport } from './take-over.ts'

/** `takeOver`, where Prometheus has left anything; undefined: nothing new. */
export async function takeOverIfLeft(options: TakeOverOptions): Promise<TakeOverReport | undefined> {
  const { env, from } = options
  const stats = await Promise.all(['wal', 'wbl', 'chunks_head', 'taken-over.json'].map((name) => env.fs.stat(`${from}/${name}`)))
  if (stats.every((stat) => stat === null)) return undefined
  // Few ever need it, and it is not small.
  const { takeOver } = await import('./take-over.ts')
  return takeOver(options)
}
