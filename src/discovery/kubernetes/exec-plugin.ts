import type { Env } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import type { YamlValue } from '../../base/yaml-tree.ts'
import { YamlScalar } from '../../base/yaml-tree.ts'
import { member, textAt } from './yaml-members.ts'

// Programs that know credentials. Source: kubernetes.io/docs/reference/access-authn-authz/authentication, "client-go credential plugins".

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
/** How long a program may take. */
const TIMEOUT_MS = 60_000
const OUTPUT_CHARS_MAX = 1 << 20

export interface ExecPlugin {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly variables: Readonly<Record<string, string>>
  /** Said when the program is not there. */
  readonly installHint: string
  /** What the program is told of the cluster; undefined: nothing. */
  readonly cluster: Readonly<Record<string, unknown>> | undefined
}

/** Throws a CodedError. `resolve` completes the path of a command that is one. */
export function toExecPlugin(exec: YamlValue, cluster: YamlValue, resolve: (path: string) => string): ExecPlugin {
  const command = textAt(exec, 'command')
  if (!command) throw new CodedError('bad_data', 'exec: command is missing')
  const apiVersion = textAt(exec, 'apiVersion') ?? ''
  if (!VERSIONS.includes(apiVersion))
    throw new CodedError('bad_data', `exec: found apiVersion ${quote(apiVersion)}, want ${VERSIONS.join(' or ')}`)
  if (textAt(exec, 'interactiveMode') === 'Always')
    throw new CodedError('bad_data', 'exec: interactiveMode is Always, and there is nobody to ask')
  const [args, variables] = [member(exec, 'args'), member(exec, 'env')]
  return {
    apiVersion,
    command: command.includes('/') ? resolve(command) : command,
    args: Array.isArray(args) ? args.map((arg) => (arg instanceof YamlScalar ? arg.text : '')) : [],
    variables: Object.fromEntries(
      Array.isArray(variables) ? variables.map((item) => [textAt(item, 'name') ?? '', textAt(item, 'value') ?? '']) : [],
    ),
    installHint: textAt(exec, 'installHint') ?? '',
    cluster: textAt(exec, 'provideClusterInfo') === 'true' ? clusterInfo(cluster) : undefined,
  }
}

function clusterInfo(cluster: YamlValue): Readonly<Record<string, unknown>> {
  const fields: readonly (readonly [name: string, field: string])[] = [
    ['server', 'server'],
    ['tls-server-name', 'tls-server-name'],
    ['certificate-authority-data', 'certificate-authority-data'],
    ['proxy-url', 'proxy-url'],
  ]
  const info = Object.fromEntries(fields.flatMap(([name, field]) => (textAt(cluster, field) ? [[name, textAt(cluster, field)]] : [])))
  return textAt(cluster, 'insecure-skip-tls-verify') === 'true' ? { ...info, 'insecure-skip-tls-verify': true } : info
}

export interface ExecCredential {
  readonly token: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  /** Unix ms; undefined: good until it is refused. */
  readonly expires: number | undefined
}

/** Runs the program. Rejects when it fails or says something else; messages do not quote what it wrote to its output. */
export async function runExecPlugin(env: Env, plugin: ExecPlugin): Promise<ExecCredential> {
  const { apiVersion, command, args, variables, installHint, cluster } = plugin
  const info = { kind: 'ExecCredential', apiVersion, spec: { ...(cluster ? { cluster } : {}), interactive: false } }
  const output: string[] = []
  let chars = 0
  let complaint = ''
  const child = env.spawn.start({
    command,
    args,
    variables: { ...variables, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    onLine(line, stream) {
      if (stream === 'err') complaint = line
      else if ((chars += line.length) <= OUTPUT_CHARS_MAX) output.push(line)
    },
  })
  const timer = env.clock.setTimer(TIMEOUT_MS, () => child.kill('SIGKILL'))
  const { code } = await child.exited.finally(() => timer.cancel())
  const fail = (what: string) => new Error(`getting credentials: exec: ${what}`)
  if (code === 127) throw fail(`executable ${command} not found${installHint && `: ${installHint.trim()}`}`)
  if (code !== 0) throw fail(`executable ${command} failed with exit code ${code ?? 'none'}${complaint && `: ${complaint.slice(0, 200)}`}`)
  return parseCredential(output.join('\n'), apiVersion, fail)
}

function parseCredential(text: string, apiVersion: string, fail: (what: string) => Error): ExecCredential {
  let answer: { readonly kind?: unknown; readonly apiVersion?: unknown; readonly status?: Readonly<Record<string, unknown>> }
  try {
    answer = JSON.parse(text)
  } catch {
    throw fail('decoding stdout: found no JSON')
  }
  if (answer?.kind !== 'ExecCredential') throw fail('plugin did not return an ExecCredential')
  if (answer.apiVersion !== apiVersion)
    throw fail(`plugin is configured to use API version ${apiVersion}, plugin returned version ${String(answer.apiVersion)}`)
  const { status } = answer
  if (!status) throw fail("plugin didn't return a status field")
  const field = (name: string) => (typeof status[name] === 'string' && status[name] !== '' ? status[name] : undefined)
  const [token, certificate, key] = [field('token'), field('clientCertificateData'), field('clientKeyData')]
  if (token === undefined && certificate === undefined && key === undefined) throw fail("plugin didn't return a token or cert/key pair")
  if ((certificate === undefined) !== (key === undefined)) throw fail('plugin returned only one of certificate and key')
  const expires = Date.parse(field('expirationTimestamp') ?? '')
  return { token, certificate, key, expires: Number.isNaN(expires) ? undefined : expires }
}
