import { loadTemplates } from '../alertmanager/template-library.ts'
import { alertTestFileSchema } from '../alertmanager/unit-test/alert-test-schema.ts'
import { runAlertTest } from '../alertmanager/unit-test/run-alert-tests.ts'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { loadAlertmanagerConfig } from '../config/alertmanager.ts'
import { readConfigFile, resolvePath } from '../config/file.ts'
import { ConfigError } from '../config/problems.ts'
import { openAlertTestWorld } from './alert-test-world.ts'

export interface AlertTestResult {
  /** Tests that were run. */
  readonly count: number
  readonly failures: readonly { readonly name: string; readonly lines: readonly string[] }[]
}

/** Throws a ConfigError. */
export async function runAlertTestFile(
  env: Pick<Env, 'fs' | 'clock'>,
  path: string,
  isWanted: (name: string) => boolean,
): Promise<AlertTestResult> {
  const file = await readConfigFile(env.fs, path, alertTestFileSchema, () => undefined)
  const { config, external_url: externalUrl = 'http://localhost:9093', tests = [] } = file.value
  const loaded = await loadAlertmanagerConfig(env, resolvePath(path, config!))
  // What is wrong with templates is wrong with all tests.
  await loadTemplates(env, loaded.config.templates).catch((error: unknown) => {
    throw new ConfigError([{ file: loaded.file, line: 1, column: 1, message: errorMessage(error) }])
  })
  const failures: { name: string; lines: readonly string[] }[] = []
  const wanted = tests.filter(({ name }) => isWanted(name!))
  for (const test of wanted) {
    const lines = await runAlertTest(test, (startTime) => openAlertTestWorld({ loaded, externalUrl, fs: env.fs }, startTime))
    if (lines.length > 0) failures.push({ name: test.name!, lines })
  }
  return { count: wanted.length, failures }
}
