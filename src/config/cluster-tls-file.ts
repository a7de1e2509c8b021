import { type Env, sleep, type TlsOptions, type TlsServerOptions } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { section } from '../base/schema.ts'
import type { Service } from '../base/service.ts'
import { PLAIN_TLS } from '../http-client/client-config.ts'
import { tlsConfigSchema } from '../http-client/client-schema.ts'
import { SecretReader } from '../http-client/secret-reader.ts'
import { TlsMaterial } from '../http-client/tls-material.ts'
import { fileWarnings, readConfigFile, readFault, resolvePath } from './file.ts'
import { toHttpClientConfig } from './http-client.ts'
import { ConfigError, type ConfigProblem, type ConfigWarning, formatPlace } from './problems.ts'
import { tlsServerOptions } from './web-config.ts'
import { isTlsEnabled, tlsServerSchema } from './web-schema.ts'

/** How often the files are looked at. */
const WATCH_INTERVAL_MS = 1000

/** The file of `--cluster.tls-config`. Source: Alertmanager docs/https.md, "Gossip Traffic"; cluster/tls_config.go. */
export const clusterTlsSchema = section(
  'cluster TLS configuration',
  { tls_server_config: tlsServerSchema, tls_client_config: tlsConfigSchema },
  {
    check({ tls_server_config: server, tls_client_config: client }, report) {
      if (server === undefined || !isTlsEnabled(server)) report(['tls_server_config'], 'missing tls_server_config with a certificate')
      if (client === undefined) report(['tls_client_config'], 'missing tls_client_config')
    },
  },
)

interface LoadedClusterTls {
  readonly server: TlsServerOptions
  readonly client: TlsOptions
  readonly warnings: readonly ConfigWarning[]
  readonly files: readonly string[]
}

/**
 * How members of a cluster speak TLS to each other. A change of the file, or of a certificate that it names, holds for new connections; a
 * bad one is logged, and what was stays.
 */
export class ClusterTlsFile {
  readonly #env: Env
  readonly #path: string
  #current: LoadedClusterTls
  #state: string

  private constructor(env: Env, path: string, current: LoadedClusterTls, state: string) {
    this.#env = env
    this.#path = path
    this.#current = current
    this.#state = state
  }

  /** Rejects with a ConfigError when the file is bad. */
  static async open(env: Env, path: string): Promise<ClusterTlsFile> {
    const current = await load(env, path)
    for (const warning of current.warnings) env.log.warn('cluster TLS configuration', { at: formatPlace(warning) })
    return new ClusterTlsFile(env, path, current, await stateOf(env, current.files))
  }

  /** What the cluster asks for each connection. */
  get tls() {
    return {
      server: {
        options: () => this.#current.server,
        refused: (client: string, reason: string) => this.#env.log.info('cluster tls connection refused', { client, reason }),
      },
      client: () => this.#current.client,
    }
  }

  watcher(): Service {
    return {
      name: 'cluster TLS configuration watch',
      run: async (signal, ready) => {
        ready()
        while (!signal.aborted) {
          await sleep(this.#env.clock, WATCH_INTERVAL_MS, signal)
          if (!signal.aborted) await this.#look()
        }
      },
    }
  }

  async #look(): Promise<void> {
    const { log } = this.#env
    try {
      const state = await stateOf(this.#env, this.#current.files)
      if (state === this.#state) return
      // Remembered before the file is read: what changes meanwhile is seen the next time.
      this.#state = state
      this.#current = await load(this.#env, this.#path)
      this.#state = await stateOf(this.#env, this.#current.files)
      log.info('cluster TLS configuration loaded', { file: this.#path })
    } catch (error) {
      log.error('cluster TLS configuration not loaded', { file: this.#path, error: errorMessage(error), kept: true })
    }
  }
}

async function load(env: Pick<Env, 'fs'>, path: string): Promise<LoadedClusterTls> {
  const file = await readConfigFile(env.fs, path, clusterTlsSchema, () => undefined)
  const { tls_server_config: serverSection, tls_client_config: clientSection } = file.value
  const files = [path]
  const problems: ConfigProblem[] = []
  const report = (place: readonly (string | number)[], message: string) =>
    void problems.push({ file: path, ...file.tree.valuePosition(place), message })
  const named = (name: string) => {
    const resolved = resolvePath(path, name)
    files.push(resolved)
    return resolved
  }
  const readServerFile = async (field: string, name: string) => {
    const resolved = named(name)
    try {
      return await env.fs.readText(resolved)
    } catch (error) {
      report(['tls_server_config', field], `${resolved}: ${readFault(error)}`)
      return undefined
    }
  }
  const server = await tlsServerOptions(serverSection!, readServerFile, (field, message) => report(['tls_server_config', field], message))
  const { tls } = toHttpClientConfig({ tls_config: clientSection }, { file: (_, name) => named(name), variables: {} })
  const client = await new TlsMaterial(new SecretReader(env), tls ?? PLAIN_TLS).read().catch((error: unknown) => {
    report(['tls_client_config'], errorMessage(error))
    return {}
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return { server, client, warnings: fileWarnings(file), files }
}

async function stateOf(env: Pick<Env, 'fs'>, files: readonly string[]): Promise<string> {
  const parts: string[] = []
  for (const file of files) {
    const stat = await env.fs.stat(file)
    parts.push(`${file} ${stat?.modifiedTime} ${stat?.sizeBytes} ${stat?.inode}`)
  }
  return parts.join('\n')
}
