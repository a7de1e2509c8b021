import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { File, FileSystem } from '../../base/env.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { type OpenFile, OpenFiles } from './open-files.ts'

async function setUp(max: number) {
  const { fs } = virtualEnv({ seed: 1 })
  let [open, most] = [0, 0]
  const counting: FileSystem = new Proxy(fs, {
    get(target, key) {
      if (key !== 'open') return Reflect.get(target, key, target)
      return async (path: string, mode: 'read'): Promise<File> => {
        const file = await target.open(path, mode)
        most = Math.max(most, ++open)
        const { close } = file
        file.close = () => {
          open--
          return close.call(file)
        }
        return file
      }
    },
  })
  const files = await Promise.all(
    Array.from({ length: 20 }, async (_, i): Promise<OpenFile> => {
      await fs.writeFile(`/${i}`, `text ${i}`)
      return { path: `/${i}`, handle: undefined, users: 0 }
    }),
  )
  const pool = new OpenFiles(max)
  const read = (file: OpenFile) =>
    pool.use(counting, file, async (handle) => {
      const bytes = Buffer.alloc(20)
      return bytes.toString('utf8', 0, await handle.read(bytes, 0))
    })
  return { files, pool, read, open: () => open, most: () => most }
}

test('of many files that are read at once only so many are open, and all are read', async () => {
  const { files, pool, read, open, most } = await setUp(3)
  for (let round = 0; round < 3; round++)
    assert.deepEqual(
      await Promise.all(files.map(read)),
      files.map((_, i) => `text ${i}`),
    )
  assert.ok(most() <= 3, `${most()} were open`)
  assert.equal(pool.count, open())
  await Promise.all(files.map((file) => pool.close(file)))
  assert.deepEqual([pool.count, open()], [0, 0])
})

test('the file that was read longest ago is closed for another one', async () => {
  const { files, read } = await setUp(2)
  const isOpen = () => files.slice(0, 3).map(({ handle }) => handle !== undefined)
  await read(files[0])
  await read(files[1])
  await read(files[0])
  await read(files[2])
  assert.deepEqual(isOpen(), [true, false, true])
})

test('a file that is not there is an error of its readers, and takes no place', async () => {
  const { pool, read, files } = await setUp(1)
  const missing: OpenFile = { path: '/none', handle: undefined, users: 0 }
  for (const one of await Promise.allSettled([read(missing), read(missing), read(files[5])]))
    assert.match(one.status === 'rejected' ? String(one.reason) : one.value, /ENOENT|text 5/)
  assert.equal(pool.count, 1)
})
