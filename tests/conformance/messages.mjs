// The texts of path-to-regexp's errors: its vectors, with their messages. What cannot be had is named here, and has to differ still.
//   node messages.mjs CHECK_VECTORS ADAPTER
import { spawnSync } from 'node:child_process'

const EXCEPT = [
  // The text that the tokens were parsed from was recorded, but stands in no vector: the message cannot show it.
  '{"fn":"pathToRegexp","path":{"$":"tokens","tokens":[{"type":"param","name":"a"},{"type":"param","name":"b"}]},"options":null}'
]

const [check, adapter] = process.argv.slice(2)
const { stdout } = spawnSync('node', [check, '--adapter', adapter, '--lib', 'path-to-regexp', '--messages', '--show', '100000'],
  { encoding: 'utf8', maxBuffer: 1 << 28 })
const differ = new Set([...stdout.matchAll(/^FAIL path-to-regexp (.*)$/gm)].map(m => m[1]))
const [, passed, failed, skipped] = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout)?.map(Number) ?? []
const wrong = []
if (!(passed > 0)) wrong.push(`no totals: ${stdout.slice(-200)}`)
if (skipped) wrong.push(`${skipped} were skipped`)
if (failed !== differ.size) wrong.push(`${failed} differ, of which ${differ.size} are named`)
for (const one of differ) if (!EXCEPT.includes(one)) wrong.push(stdout.slice(stdout.indexOf(one)).split('\n').slice(0, 3).join('\n'))
for (const one of EXCEPT) if (!differ.has(one)) wrong.push(`does not differ any more: ${one}`)
for (const one of wrong) console.log(`FAILED: ${one}`)
console.log(`${passed ?? 0} passed, ${wrong.length} failed`)
