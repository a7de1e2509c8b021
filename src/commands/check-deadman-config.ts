import type { FileSystem } from '../base/env.ts'
import { loadDeadmanConfig } from '../config/deadman.ts'
import type { ConfigWarning } from '../config/problems.ts'
import { checkTemplates } from './check-alertmanager-config.ts'

/** Reads a deadman.yml and the templates that it names. Throws a ConfigError. */
export async function checkDeadmanConfig(
  fs: FileSystem,
  path: string,
  variables: Readonly<Record<string, string | undefined>> | undefined,
): Promise<{ readonly warnings: readonly ConfigWarning[]; readonly found: readonly string[] }> {
  const { config, warnings } = await loadDeadmanConfig({ fs }, path, variables)
  await checkTemplates(fs, config.templates)
  const { heartbeats, drills, receivers } = config
  return {
    warnings,
    found: ['Found:', ` - ${heartbeats.length} heartbeats`, ` - ${drills.length} drills`, ` - ${receivers.size} receivers`],
  }
}
