import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { realFileSystem } from './file-system.ts'
import { waitingFileSystem } from './waiting-file-system.ts'

test('it reads what the other one does', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-waiting-'))
  const path = join(directory, 'b')
  try {
    await waitingFileSystem.writeFile(path, '0123456789')
    await waitingFileSystem.writeFile(join(directory, 'a'), '')
    const answers = async (fs: typeof realFileSystem) => {
      const file = await fs.open(path, 'read')
      const [part, first, second] = [Buffer.alloc(4), Buffer.alloc(3), Buffer.alloc(20)]
      const counts = [await file.read(part, 8), await file.readAll([first, second], 2), await file.size(), await file.read(part, 10)]
      await file.close()
      await assert.rejects(file.read(part, 0), /EBADF|closed|out of range/)
      return [
        counts,
        String(part),
        String(first),
        String(second),
        await fs.stat(path),
        await fs.stat(`${path}/x`),
        await fs.readDir(directory),
      ]
    }
    assert.deepEqual(await answers(waitingFileSystem), await answers(realFileSystem))
    await assert.rejects(waitingFileSystem.open(join(directory, 'none'), 'read'), /ENOENT/)
    const file = await waitingFileSystem.open(path, 'read')
    await assert.rejects(file.write([], 0), /open for reading/)
    await file.close()
    await file.close()
  } finally {
    rmSync(directory, { recursive: true })
  }
})
