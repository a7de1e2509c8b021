import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
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
      { '/k/c.pem': 'CERT', '/k/key.pem': 'KEY' },
    ),
    {
      server: 'https://k:6443',
      tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'kube' },
      basicAuth: undefined,
      token: undefined,
      tokenFile: '/k/token',
    },
  )
  const open = await read(config('server: http://k, insecure-skip-tls-verify: true', 'token: t, username: a, password: b'))
  assert.equal(open.tls.rejectUnauthorized, false)
  assert.deepEqual([open.basicAuth, open.token], [{ username: 'a', password: 'b' }, 't'])
})

test('what is missing or not supported is named', async () => {
  const check = (text: string, want: string) => assert.rejects(read(text), { message: `/k/config: ${want}` })
  await check('', 'current-context is missing')
  await check('current-context: x', 'no "x" in contexts')
  await check('current-context: x\ncontexts: [{name: x, context: {cluster: y}}]', 'no "y" in clusters')
  await check(config('server: nowhere', ''), 'found "nowhere", want the URL of a server')
  await check(config('server: http://k', 'exec: {command: aws}'), 'exec is not supported, want a token, a client certificate or a password')
  await assert.rejects(read(config('server: http://k, certificate-authority: gone', '')), /ENOENT/)
})
