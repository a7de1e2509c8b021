import type { FileSystem } from '../base/env.ts'
import { section } from '../base/schema.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields } from '../http-client/client-schema.ts'
import { fileWarnings, readConfigFile, readFault, resolvePath } from './file.ts'
import { toHttpClientConfig } from './http-client.ts'
import { ConfigError, type ConfigProblem, type ConfigWarning } from './problems.ts'

const httpConfigSchema = section('http_config', httpClientFields(), { printed: HTTP_CLIENT_PRINTED, check: checkHttpClient })

/** How a tool reaches a server: a file of its own, as `--http.config.file` names it. Throws a ConfigError. */
export async function loadHttpConfig(
  env: { readonly fs: FileSystem },
  path: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly client: HttpClientConfig; readonly warnings: readonly ConfigWarning[] }> {
  const file = await readConfigFile(env.fs, path, httpConfigSchema, () => undefined)
  const named: { readonly place: readonly (string | number)[]; readonly path: string }[] = []
  const client = toHttpClientConfig(file.value, {
    file(place, name) {
      named.push({ place, path: resolvePath(path, name) })
      return resolvePath(path, name)
    },
    variables,
  })
  const problems: ConfigProblem[] = []
  for (const { place, path: secretFile } of named) {
    await env.fs.readText(secretFile).catch((error: unknown) => {
      problems.push({ file: path, ...file.tree.valuePosition(place), message: `${secretFile}: ${readFault(error)}` })
    })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { client, warnings: fileWarnings(file) }
}
