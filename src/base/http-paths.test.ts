import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PathTree } from './http-paths.ts'

test('paths lead to what was added: plain parts before named ones before the rest', () => {
  const tree = new PathTree<string>()
  for (const pattern of ['/', '/label/:name/values', '/label/x/y', '/label/:name/:way', '/a/*', '/a/b', '/s/:id'])
    tree.add(pattern, pattern)
  const check = (path: string, pattern: string | undefined, params: Record<string, string> = {}) => {
    const found = tree.find(path)
    assert.equal(found?.value, pattern, path)
    if (found !== undefined) assert.deepEqual({ ...found.params }, params, path)
  }
  check('/', '/')
  check('/label/x/values', '/label/:name/values', { name: 'x' })
  check('/label//values', '/label/:name/values', { name: '' })
  check('/label/x/y', '/label/x/y')
  check('/label/x/z', '/label/:name/:way', { name: 'x', way: 'z' })
  check('/label/a%2Fb%25/values', '/label/:name/values', { name: 'a/b%' })
  check('/la%62el/%7a/values', '/label/:name/values', { name: 'z' })
  check('/label/x/y/z', undefined)
  check('/a/', '/a/*', { '*': '' })
  check('/a/b', '/a/b')
  check('/a/b/', '/a/*', { '*': 'b/' })
  check('/a//b', '/a/*', { '*': '/b' })
  check('/a/b%2Fc%20d', '/a/*', { '*': 'b/c d' })
  check('/a', undefined)
  check('/s/', '/s/:id', { id: '' })
  check('/s', undefined)
  check('/s/a+b;c', '/s/:id', { id: 'a+b;c' })
  check('/s/constructor', '/s/:id', { id: 'constructor' })
  check('/constructor', undefined)
  check('*', undefined)
  check('', undefined)
  assert.throws(() => tree.find('/s/%zz'), URIError)
  assert.throws(() => tree.add('/s/:other', ''), /\/s\/:other is added once/)
})
