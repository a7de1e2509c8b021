/** The files that a process or a thread begins with; all others are reached from them. */
export const ENTRIES: readonly string[] = [
  'src/main.ts',
  'src/base/real/thread-start.ts',
  'src/roles/query-worker.ts',
  'src/roles/compaction-worker.ts',
]

/** What a process goes on with at once, beside those: of each, as few files as can be. */
export const STARTS: readonly string[] = [
  'src/roles/server.ts',
  'src/commands/program.ts',
  'src/roles/alertmanager.ts',
  'src/roles/alertmanager-services.ts',
]
