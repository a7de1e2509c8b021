import type { FileSystem, TlsOptions } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import { directoryOf } from '../../base/files.ts'
import { parseYamlTree, YamlScalar, type YamlValue } from '../../base/yaml-tree.ts'
import { quote } from '../../model/labels.ts'

// Source: kubernetes/client-go tools/clientcmd/api/v1/types.go.

/** What a kubeconfig says of its current context. */
export interface Kubeconfig {
  readonly server: string
  readonly tls: TlsOptions
  readonly basicAuth: { readonly username: string; readonly password: string } | undefined
  readonly token: string | undefined
  /** Counts before `token`, and changes while it is used. */
  readonly tokenFile: string | undefined
}

/** Throws a CodedError that names the file and what it lacks. Credentials by programs and plugins are refused. */
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
  if (!server || !URL.canParse(server)) throw fail(`found ${quote(server ?? '')}, want the URL of a server`)
  for (const [value, field] of [
    [user, 'exec'],
    [user, 'auth-provider'],
    [cluster, 'proxy-url'],
  ] as const)
    if (member(value, field) !== undefined) throw fail(`${field} is not supported, want a token, a client certificate or a password`)

  const resolve = (file: string) => (file.startsWith('/') ? file : `${directoryOf(path)}/${file}`)
  const material = async (value: YamlValue, field: string): Promise<string | undefined> => {
    const data = textAt(value, `${field}-data`)
    if (data) return Buffer.from(data, 'base64').toString()
    const file = textAt(value, field)
    return file ? fs.readText(resolve(file)) : undefined
  }
  const tls: TlsOptions = { minVersion: 'TLSv1.2', rejectUnauthorized: textAt(cluster, 'insecure-skip-tls-verify') !== 'true' }
  const [ca, cert, key] = [
    await material(cluster, 'certificate-authority'),
    await material(user, 'client-certificate'),
    await material(user, 'client-key'),
  ]
  if (ca) tls.ca = ca
  if (cert && key) Object.assign(tls, { cert, key })
  const servername = textAt(cluster, 'tls-server-name')
  if (servername) tls.servername = servername
  const [username, tokenFile] = [textAt(user, 'username'), textAt(user, 'tokenFile')]
  return {
    server,
    tls,
    basicAuth: username ? { username, password: textAt(user, 'password') ?? '' } : undefined,
    token: textAt(user, 'token'),
    tokenFile: tokenFile && resolve(tokenFile),
  }
}

function member(value: YamlValue, field: string): YamlValue {
  if (value === undefined || value instanceof YamlScalar || Array.isArray(value)) return undefined
  return (value as Readonly<Record<string, YamlValue>>)[field]
}

function textAt(value: YamlValue, field: string): string | undefined {
  const found = member(value, field)
  return found instanceof YamlScalar ? found.text : undefined
}
