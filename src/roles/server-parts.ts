import type { Env } from '../base/env.ts'
import type { CommandContext } from '../commands/command.ts'
import { withoutSlash } from '../config/external-url.ts'
import type { ConfigReloader } from '../config/reload.ts'
import type { ServerFlagValues } from '../config/server-flags.ts'
import type { WebConfigFile } from '../config/web-config-file.ts'
import type { Db } from '../tsdb/db.ts'
import type { BegunDatabase } from './begun-database.ts'
import type { SeriesGuard } from './guard-series.ts'
import type { WebOptions } from './server-web.ts'

/** What is there before the server is put together, and all that it is made of. */
export interface ServerParts {
  readonly context: CommandContext
  readonly env: Env
  readonly values: ServerFlagValues
  readonly web: WebOptions
  readonly webConfig: WebConfigFile | undefined
  /** Those that are on. */
  readonly features: ReadonlySet<string>
  readonly reloader: ConfigReloader
  readonly db: Db
  readonly begun: BegunDatabase
  readonly guard: SeriesGuard
  quit(): void
  readonly stop: AbortSignal
}

/** Whether samples are only forwarded. Before 3.0 upstream had it as a feature. */
export function isAgent(values: ServerFlagValues): boolean {
  return values.agent || values['enable-feature'].includes('agent')
}

export function dataDir(values: ServerFlagValues): string {
  return withoutSlash(values[isAgent(values) ? 'storage.agent.path' : 'storage.tsdb.path']) || '/'
}
