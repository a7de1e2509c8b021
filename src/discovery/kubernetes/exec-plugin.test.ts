import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENT_CERTIFICATE, CLIENT_KEY } from '../../../test/support/client-certificates.ts'
import type { ChildExit, SpawnOptions } from '../../base/env.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { readBody } from '../../http-client/client.ts'
import { findApiServer } from './api-server.ts'

const KUBECONFIG = `
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "http://k8s", tls-server-name: kube}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./login
      args: [--for, me]
      env: [{name: PROFILE, value: dev}]
      installHint: get it from somewhere
      provideClusterInfo: true
`

interface Program {
  readonly out?: string
  readonly err?: string
  readonly exit?: ChildExit
}

async function cluster(programs: readonly Program[], isAccepted: (authorization: string) => boolean = () => true) {
  const started: SpawnOptions[] = []
  const killed: string[] = []
  const env = virtualEnv({
    spawn(options) {
      const program = programs[Math.min(started.length, programs.length - 1)]
      started.push(options)
      for (const line of (program.err ?? '').split('\n')) options.onLine(line, 'err')
      for (const line of (program.out ?? '').split('\n')) options.onLine(line, 'out')
      let end: (exit: ChildExit) => void = () => {}
      const exited = program.exit ? Promise.resolve(program.exit) : new Promise<ChildExit>((resolve) => (end = resolve))
      return {
        pid: 1,
        exited,
        stop() {},
        kill(signal) {
          killed.push(signal)
          end({ code: null, signal })
        },
      }
    },
  })
  await env.http.listen({ host: 'k8s', port: 80 }, (request, response) => {
    const { authorization = 'nobody' } = request.headers
    response.writeHead(isAccepted(authorization) ? 200 : 401).end(authorization)
  })
  await env.fs.mkdir('/k')
  await env.fs.writeFile('/k/config', KUBECONFIG)
  const server = await findApiServer(env, { kind: 'kubeconfig', file: '/k/config', proxy: undefined })
  const ask = async (waitMs = 100) => {
    const answer = server.send({ url: `${server.url}/api` }).then(
      async (response) => `${response.status} ${Buffer.from(await readBody(response, 1000))}`,
      (error: Error) => error.message,
    )
    await env.clock.advance(waitMs)
    return answer
  }
  return { env, ask, started, killed }
}

const OK = { code: 0, signal: null }
const says = (status: object): Program => ({
  out: JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status }, null, 1),
  err: 'some advice',
  exit: OK,
})

test('a program is asked for credentials: once, and again when they have expired or are refused', async () => {
  const expirationTimestamp = new Date(virtualEnv().clock.now() + 60_000).toISOString()
  const { env, ask, started } = await cluster(
    [says({ token: 'one', expirationTimestamp }), says({ token: 'two' }), says({ token: 'three' })],
    (authorization) => authorization !== 'Bearer two',
  )
  assert.deepEqual(await Promise.all([ask(), ask()]), ['200 Bearer one', '200 Bearer one'])
  const { command, args, variables } = started[0]
  assert.deepEqual([command, args, variables!.PROFILE], ['/k/./login', ['--for', 'me'], 'dev'])
  assert.deepEqual(JSON.parse(variables!.KUBERNETES_EXEC_INFO), {
    kind: 'ExecCredential',
    apiVersion: 'client.authentication.k8s.io/v1',
    spec: { cluster: { server: 'http://k8s', 'tls-server-name': 'kube' }, interactive: false },
  })
  assert.equal(started.length, 1)
  await env.clock.advance(60_000)
  assert.equal(await ask(), '401 Bearer two')
  assert.equal(await ask(), '200 Bearer three')
  assert.equal(await ask(), '200 Bearer three')
  assert.equal(started.length, 3)
})

test('a certificate may be the credential', async () => {
  const { ask } = await cluster([says({ clientCertificateData: CLIENT_CERTIFICATE, clientKeyData: CLIENT_KEY })])
  assert.equal(await ask(), '200 nobody')
})

test('a program that fails, or says something else, is told without what it said', async () => {
  const check = async (program: Program, want: string) => {
    const { ask } = await cluster([program])
    assert.equal(await ask(), `getting credentials: exec: ${want}`)
  }
  await check({ exit: { code: 127, signal: null } }, 'executable /k/./login not found: get it from somewhere')
  await check({ exit: { code: 3, signal: null }, err: 'no session' }, 'executable /k/./login failed with exit code 3: no session')
  await check({ exit: OK, out: 'hidden' }, 'decoding stdout: found no JSON')
  await check({ exit: OK, out: '{}' }, 'plugin did not return an ExecCredential')
  await check(
    { exit: OK, out: '{"kind":"ExecCredential","apiVersion":"v2"}' },
    'plugin is configured to use API version client.authentication.k8s.io/v1, plugin returned version v2',
  )
  await check(says({}), "plugin didn't return a token or cert/key pair")
  await check(says({ clientKeyData: 'hidden' }), 'plugin returned only one of certificate and key')
  const { ask, killed } = await cluster([{}])
  assert.equal(await ask(61_000), 'getting credentials: exec: executable /k/./login failed with exit code none')
  assert.deepEqual(killed, ['SIGKILL'])
})
