import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseResolvConf, searchNames } from './resolv-conf.ts'

test('the names to ask for follow resolv.conf', () => {
  const check = (conf: string, name: string, ...want: string[]) => assert.deepEqual(searchNames(name, parseResolvConf(conf)), want)
  check('', 'a', 'a')
  check('nameserver 1.2.3.4\nsearch x.y z.\n', 'a', 'a.x.y', 'a.z', 'a')
  check('search x y', 'a.b', 'a.b', 'a.b.x', 'a.b.y')
  check('search x y', 'a.b.', 'a.b')
  check('search x\noptions rotate ndots:5 timeout:1', '_p._tcp.db', '_p._tcp.db.x', '_p._tcp.db')
  check('options ndots:0\nsearch x', 'a', 'a', 'a.x')
  check('search x\ndomain y # not z', 'a', 'a.y', 'a')
  check('search .', 'a', 'a', 'a')
  check('; search x\n', 'a', 'a')
})
