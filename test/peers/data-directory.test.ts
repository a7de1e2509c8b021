// Of two processes on one data directory the second is refused, whose ever they are.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program } from '../support/program.ts'

async function start(t: TestContext, command: string, directory: string, ...flags: readonly string[]): Promise<Program> {
  const port = await freePort()
  const args = [
    ...(command === PROMONTORY ? ['server'] : []),
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]
  const program = new Program(command, args, `http://127.0.0.1:${port}`)
  t.after(() => program.stop('SIGKILL'))
  return program
}

/** Debian's 2.42 locks the directory when it is told to, 3.5 unless it is told not to. */
for (const { name, locking, without } of [
  { name: 'debian prometheus', locking: ['--storage.tsdb.use-lockfile'], without: [] },
  { name: 'prometheus 3.5', locking: [], without: ['--storage.tsdb.no-lockfile'] },
]) {
  test(`two processes on one directory, ${name}`, { timeout: 600_000 }, async (t) => {
    const prometheus = peer(t, name)
    if (prometheus === undefined) return
    const directory = mkdtempSync(join(tmpdir(), 'promontory-directory-'))
    t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
    writeFileSync(join(directory, 'prometheus.yml'), '')
    /** Ends on its own because another one is there. */
    const refused = async (command: string, message: string, ...flags: readonly string[]) => {
      const program = await start(t, command, directory, ...flags)
      assert.notEqual((await program.exited).code, 0)
      assert.ok(program.output.includes(message), program.output)
    }

    const ours = await (await start(t, PROMONTORY, directory)).ready()
    await refused(PROMONTORY, `data directory ${join(directory, 'data')} is in use by process ${ours.child.pid}`)
    await refused(prometheus, 'lock DB directory: resource temporarily unavailable', ...locking)
    assert.equal((await fetch(`${ours.url}/-/ready`)).status, 200)
    await ours.stop('SIGKILL')

    // The lock of one that was killed is no lock.
    for (const flags of [locking, without]) {
      const theirs = await (await start(t, prometheus, directory, ...flags)).ready()
      await refused(PROMONTORY, `is in use by process ${theirs.child.pid}, a Prometheus that has its log open`)
      assert.equal((await fetch(`${theirs.url}/-/ready`)).status, 200)
      await theirs.stop('SIGKILL')
    }
    const after = await (await start(t, PROMONTORY, directory)).ready()
    assert.equal((await after.stop()).code, 0)
    assert.equal((await (await (await start(t, prometheus, directory)).ready()).stop()).code, 0)
  })
}
