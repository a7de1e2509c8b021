import type { MatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { TemplateLibrary } from '../alertmanager/template-library.ts'
import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { globFiles } from '../base/glob.ts'
import { loadAlertmanagerConfig } from '../config/alertmanager.ts'
import { ConfigError, type ConfigProblem, type ConfigWarning } from '../config/problems.ts'

/** Reads an alertmanager.yml and the templates that it names. Throws a ConfigError. Source of what is found: amtool check-config. */
export async function checkAlertmanagerConfig(
  fs: FileSystem,
  path: string,
  matcherMode: MatcherMode,
): Promise<{ readonly warnings: readonly ConfigWarning[]; readonly found: readonly string[] }> {
  const { config, warnings } = await loadAlertmanagerConfig({ fs }, path, { matcherMode })
  await checkTemplates(fs, config.templates)
  const { inhibitRules, receivers, templates } = config
  return {
    warnings,
    found: [
      'Found:',
      ' - global config',
      ' - route',
      ` - ${inhibitRules.length} inhibit rules`,
      ` - ${receivers.size} receivers`,
      ` - ${templates.length} templates`,
    ],
  }
}

/** Throws a ConfigError. Files that are not there are no fault. */
export async function checkTemplates(fs: FileSystem, globs: readonly string[]): Promise<void> {
  // They are parsed and not executed, so no time is asked for.
  const library = new TemplateLibrary(() => 0)
  const problems: ConfigProblem[] = []
  for (const glob of globs) {
    for (const path of await globFiles(fs, glob)) {
      try {
        library.add(path.slice(path.lastIndexOf('/') + 1), await fs.readText(path))
      } catch (error) {
        problems.push({ file: path, line: 1, column: 1, message: errorMessage(error) })
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
}
