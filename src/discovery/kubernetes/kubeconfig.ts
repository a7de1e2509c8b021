import type { FileSystem } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import { directoryOf } from '../../base/files.ts'
import { quote } from '../../base/go-quote.ts'
import { redactUrl } from '../../base/redact-url.ts'
import { parseYamlTree, type YamlValue } from '../../base/yaml-tree.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT, PLAIN_TLS, type SecretSource } from '../../http-client/client-config.ts'
import { type ExecPlugin, toExecPlugin } from './exec-plugin.ts'
import { member, textAt } from './yaml-members.ts'

// Source: kubernetes/client-go tools/clientcmd/api/v1/types.go.

/** What a kubeconfig says of its current context. */
export interface Kubeconfig {
  readonly server: string
  readonly client: HttpClientConfig
  /** A program that knows the credentials. */
  readonly exec: ExecPlugin | undefined
}

/** Throws a CodedError that names the file and what it lacks. Credentials by plugins that are built into kubectl are refused. */
export async function readKubeconfig(fs: FileSystem, path: string): Promise<Kubeconfig> {
  const fail = (message: string) => new CodedError('bad_data', `${path}: ${message}`)
  const { root, problems } = parseYamlTree(await fs.readText(path))
  if (problems.length > 0) throw fail(`${problems[0].line}:${problems[0].column}: ${problems[0].message}`)
  const named = (list: string, name: string, field: string): YamlValue => {
    const entries = member(root, list)
    const entry = Array.isArray(entries) ? entries.find((item) => textAt(item, 'name') === name) : undefined
    if (entry === undefined) throw fail(`no ${quote(name)} in ${list}`)
    return member(entry, field)
  }
  const contextName = textAt(root, 'current-context')
  if (!contextName) throw fail('current-context is missing')
  const context = named('contexts', contextName, 'context')
  const cluster = named('clusters', textAt(context, 'cluster') ?? '', 'cluster')
  const userName = textAt(context, 'user')
  const user = userName ? named('users', userName, 'user') : undefined

  const server = textAt(cluster, 'server')
  if (!server || !URL.canParse(server)) throw fail(`found ${quote(redactUrl(server ?? ''))}, want the URL of a server`)
  if (member(user, 'auth-provider') !== undefined)
    throw fail('auth-provider is not supported, want a program (exec), a token, a client certificate or a password')

  const resolve = (file: string) => (file.startsWith('/') ? file : `${directoryOf(path)}/${file}`)
  const material = (value: YamlValue, field: string): SecretSource | undefined => {
    const data = textAt(value, `${field}-data`)
    if (data) return { text: Buffer.from(data, 'base64').toString() }
    const file = textAt(value, field)
    return file ? { file: resolve(file) } : undefined
  }
  const [username, token, tokenFile] = [textAt(user, 'username'), textAt(user, 'token'), textAt(user, 'tokenFile')]
  const credentials = tokenFile ? { file: resolve(tokenFile) } : token ? { text: token } : undefined
  const proxyUrl = textAt(cluster, 'proxy-url')
  const exec = member(user, 'exec')
  try {
    return {
      server,
      client: {
        ...PLAIN_HTTP_CLIENT,
        tls: {
          ...PLAIN_TLS,
          ca: material(cluster, 'certificate-authority'),
          cert: material(user, 'client-certificate'),
          key: material(user, 'client-key'),
          serverName: textAt(cluster, 'tls-server-name') || undefined,
          insecureSkipVerify: textAt(cluster, 'insecure-skip-tls-verify') === 'true',
        },
        basicAuth:
          username && !credentials ? { username: { text: username }, password: { text: textAt(user, 'password') ?? '' } } : undefined,
        authorization: credentials && { type: 'Bearer', credentials },
        proxy: proxyUrl ? { httpProxy: proxyUrl, httpsProxy: proxyUrl, noProxy: undefined, isCgi: false, connectHeaders: [] } : undefined,
      },
      exec: exec === undefined ? undefined : toExecPlugin(exec, cluster, resolve),
    }
  } catch (error) {
    throw error instanceof CodedError ? fail(error.message) : error
  }
}
