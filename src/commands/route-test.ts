import { flag } from '../config/flags.ts'
import { Labels } from '../model/labels.ts'
import { alertmanagerCommand, readPairs } from './alertmanager-command.ts'
import { EXIT } from './command.ts'
import { readTree, routeFlags } from './route-show.ts'
import { matchingTree, receiversOf } from './route-tree.ts'

export const routeTestCommand = alertmanagerCommand({
  name: 'route test',
  summary: 'Show where alerts are routed.',
  description: `Prints the receivers of an alert with these labels, in the order of the tree.

  promontory route test --config.file=alertmanager.yml --verify.receivers=team-db-pager service=database
`,
  positional: 'LABEL...',
  flags: {
    ...routeFlags,
    'verify.receivers': flag.text({
      default: '',
      help: 'What the receivers should be, with commas between them; otherwise the command fails.',
      placeholder: 'RECEIVERS',
    }),
    tree: flag.boolean({ default: false, help: 'Draw the part of the tree that takes it.' }),
  },
  async run(call) {
    const { io, args, values } = call
    const labels = Labels.of(readPairs('labels', args, call))
    const root = await readTree(call)
    if (values.tree) io.out(`Matching routes:\n${matchingTree(root, labels)}\n\n`)
    const receivers = receiversOf(root, labels)
    io.out(receivers)
    if (values['verify.receivers'] === '' || values['verify.receivers'] === receivers) return undefined
    io.out('WARNING: Expected receivers did not match resolved receivers.')
    return EXIT.failed
  },
})
