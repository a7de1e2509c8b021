import type { Env } from '../base/env.ts'
import { flag } from '../config/flags.ts'
import { loadHttpConfig } from '../config/http-config-file.ts'
import { formatPlace } from '../config/problems.ts'
import { PLAIN_HTTP_CLIENT } from '../http-client/client-config.ts'
import type { CommandIo } from './command.ts'
import { type ServerAccess, serverAccess } from './server-url.ts'

/** Flags of the tools that ask a server. */
export const accessFlags = {
  'http.config.file': flag.text({
    default: '',
    help: 'File that says how to reach the server: TLS and credentials, as http_config of the documentation.',
    placeholder: 'FILE',
  }),
}

/** How to reach the server of the arguments. Throws `bad_data`, and a ConfigError where the file is bad. */
export async function openAccess(
  env: Env,
  url: string,
  httpConfigFile: string,
  io: Pick<CommandIo, 'err' | 'variables'>,
): Promise<ServerAccess> {
  if (httpConfigFile === '') return serverAccess(url, PLAIN_HTTP_CLIENT)
  const { client, warnings } = await loadHttpConfig(env, httpConfigFile, io.variables)
  for (const warning of warnings) io.err(`WARNING: ${formatPlace(warning)}`)
  return serverAccess(url, client)
}
