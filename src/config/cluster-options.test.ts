import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GOOD, GOOD_KEY, SERVER_CA } from '../../test/support/server-certificates.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { alertmanagerFlags } from './alertmanager-flags.ts'
import { clusterOptions } from './cluster-options.ts'
import { ClusterTlsFile } from './cluster-tls-file.ts'
import { parseFlags } from './flags.ts'

const options = (...args: string[]) => clusterOptions(parseFlags(args, alertmanagerFlags).values)

test('flags say how a member listens, and whom it joins', () => {
  assert.deepEqual(options()?.listen, { host: '0.0.0.0', port: 9094 })
  assert.equal(options('--cluster.listen-address='), undefined)
  assert.deepEqual(options('--cluster.advertise-address=10.0.0.1:1')?.advertise, { host: '10.0.0.1', port: 1 })
  assert.deepEqual(options('--cluster.peer=a:1', '--cluster.peer=b:2')?.peers, ['a:1', 'b:2'])
  assert.throws(() => options('--cluster.peer=a'), /--cluster.peer: found "a", want HOST:PORT/)
  assert.throws(() => options('--cluster.advertise-address=name:1'), /--cluster.advertise-address: found "name", want an IP address/)
})

test('TLS of a cluster is read from a file, and again when a certificate changes', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/etc')
  for (const [name, text] of [
    ['ca.pem', SERVER_CA],
    ['cert.pem', GOOD],
    ['key.pem', GOOD_KEY],
    ['tls.yml', 'tls_server_config: {cert_file: cert.pem, key_file: key.pem}\ntls_client_config: {ca_file: ca.pem, server_name: a}\n'],
    ['bad.yml', 'tls_server_config: {cert_file: none.pem, key_file: key.pem}\ntls_client_config: {ca_file: key.pem}\n'],
    ['half.yml', 'tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n'],
  ])
    await env.fs.writeFile(`/etc/${name}`, text)
  const file = await ClusterTlsFile.open(env, '/etc/tls.yml')
  const { tls } = file
  assert.deepEqual(tls.client(), { ca: SERVER_CA.trim(), servername: 'a' })
  assert.equal(tls.server.options().context.cert, GOOD)
  assert.equal(tls.server.options(), tls.server.options())
  await assert.rejects(ClusterTlsFile.open(env, '/etc/bad.yml'), /none.pem: [\s\S]*unable to use specified CA cert/)
  await assert.rejects(ClusterTlsFile.open(env, '/etc/half.yml'), /missing tls_client_config/)

  const controller = new AbortController()
  const done = file.watcher().run(controller.signal, () => {})
  const before = tls.server.options()
  await env.fs.writeFile('/etc/cert.pem', `${GOOD}\n`)
  await env.clock.advance(1500)
  assert.notEqual(tls.server.options(), before)
  await env.fs.writeFile('/etc/cert.pem', 'none')
  await env.clock.advance(1500)
  assert.equal(tls.server.options().context.cert, `${GOOD}\n`)
  assert.match(env.lines.map(({ message }) => message).join(), /not loaded/)
  controller.abort()
  await env.clock.advance(0)
  await done
})
