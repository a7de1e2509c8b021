/** The files that a process or a thread begins with; all others are reached from them. */
export const ENTRIES: readonly string[] = [
  'src/main.ts',
  'src/base/real/thread-start.ts',
  'src/roles/query-worker.ts',
  'src/roles/compaction-worker.ts',
]
