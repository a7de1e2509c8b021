import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { PLAIN_HTTP_CLIENT, PLAIN_TLS } from '../../http-client/client-config.ts'
import { readKubeconfig } from './kubeconfig.ts'

async function read(text: string, files: Record<string, string> = {}) {
  const { fs } = virtualEnv()
  await fs.mkdir('/k')
  for (const [path, content] of Object.entries({ '/k/config': text, ...files })) await fs.writeFile(path, content)
  return readKubeconfig(fs, '/k/config')
}

const config = (cluster: string, user: string) => `
apiVersion: v1
kind: Config
current-context: here
contexts:
- {name: there, context: {cluster: b, user: b}}
- {name: here, context: {cluster: c, user: u, namespace: n}}
clusters:
- {name: c, cluster: {${cluster}}}
users:
- {name: u, user: {${user}}}
`

test('the current context says where the server is and who asks', async () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  assert.deepEqual(
    await read(
      config(
        `server: https://k:6443, certificate-authority-data: ${base64('CA')}, tls-server-name: kube`,
        `client-certificate: c.pem, client-key: /k/key.pem, tokenFile: token`,
      ),
    ),
    {
      server: 'https://k:6443',
      client: {
        ...PLAIN_HTTP_CLIENT,
        tls: { ...PLAIN_TLS, ca: { text: 'CA' }, cert: { file: '/k/c.pem' }, key: { file: '/k/key.pem' }, serverName: 'kube' },
        authorization: { type: 'Bearer', credentials: { file: '/k/token' } },
      },
      exec: undefined,
    },
  )
  const open = await read(
    config('server: http://k, insecure-skip-tls-verify: true, proxy-url: "http://p:3128"', 'username: a, password: b'),
  )
  assert.equal(open.client.tls?.insecureSkipVerify, true)
  assert.equal(open.client.proxy?.httpsProxy, 'http://p:3128')
  assert.deepEqual(open.client.basicAuth, { username: { text: 'a' }, password: { text: 'b' } })
  const both = await read(config('server: http://k', 'token: t, username: a'))
  assert.deepEqual([both.client.authorization?.credentials, both.client.basicAuth], [{ text: 't' }, undefined])
})

test('what is missing or not supported is named', async () => {
  const check = (text: string, want: string) => assert.rejects(read(text), { message: `/k/config: ${want}` })
  await check('', 'current-context is missing')
  await check('current-context: x', 'no "x" in contexts')
  await check('current-context: x\ncontexts: [{name: x, context: {cluster: y}}]', 'no "y" in clusters')
  await check(config('server: nowhere', ''), 'found "nowhere", want the URL of a server')
  await check(
    config('server: http://k', 'auth-provider: {name: oidc}'),
    'auth-provider is not supported, want a program (exec), a token, a client certificate or a password',
  )
  await check(config('server: http://k', 'exec: {args: [x]}'), 'exec: command is missing')
  await check(
    config('server: http://k', 'exec: {command: aws, apiVersion: client.authentication.k8s.io/v1alpha1}'),
    'exec: found apiVersion "client.authentication.k8s.io/v1alpha1", want client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1',
  )
  await check(
    config('server: http://k', 'exec: {command: aws, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}'),
    'exec: interactiveMode is Always, and there is nobody to ask',
  )
})
