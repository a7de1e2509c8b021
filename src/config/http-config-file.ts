import type { FileSystem } from '../base/env.ts'
import { section } from '../base/schema.ts'
import type { HttpClientConfig } from '../discovery/http-client.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields } from '../discovery/http-client-schema.ts'
import { fileWarnings, readConfigFile, readFault, resolvePath } from './file.ts'
import { readHttpClient } from './http-client.ts'
import { ConfigError, type ConfigProblem, type ConfigWarning } from './problems.ts'

const httpConfigSchema = section('http_config', httpClientFields(), { printed: HTTP_CLIENT_PRINTED, check: checkHttpClient })

/** How a tool reaches a server: a file of its own, as `--http.config.file` names it. Throws a ConfigError. */
export async function loadHttpConfig(
  env: { readonly fs: FileSystem },
  path: string,
): Promise<{ readonly client: HttpClientConfig; readonly warnings: readonly ConfigWarning[] }> {
  const file = await readConfigFile(env.fs, path, httpConfigSchema, () => undefined)
  const problems: ConfigProblem[] = []
  const client = await readHttpClient(file.value, async (place, name) => {
    const named = resolvePath(path, name)
    try {
      return await env.fs.readText(named)
    } catch (error) {
      problems.push({ file: path, ...file.tree.valuePosition(place), message: `${named}: ${readFault(error)}` })
      return undefined
    }
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return { client, warnings: fileWarnings(file) }
}
