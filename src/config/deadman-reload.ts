import type { Env } from '../base/env.ts'
import { type LoadedDeadmanConfig, loadDeadmanConfig } from './deadman.ts'
import { HeldConfig } from './held-config.ts'

/** Of the configuration that a deadman goes by. `apply` may refuse one. */
export function deadmanReloader(
  env: Env,
  { file, variables }: { readonly file: string; readonly variables: Readonly<Record<string, string | undefined>> },
  apply: (loaded: LoadedDeadmanConfig) => Promise<void>,
): HeldConfig<LoadedDeadmanConfig> {
  return new HeldConfig({
    env,
    file,
    load: () => loadDeadmanConfig(env, file, variables),
    apply,
    successful: {
      name: 'promontory_deadman_config_last_reload_successful',
      help: 'Whether the last reading of the configuration was successful.',
    },
    successTime: {
      name: 'promontory_deadman_config_last_reload_success_timestamp_seconds',
      help: 'When the configuration was last read with success.',
    },
  })
}
