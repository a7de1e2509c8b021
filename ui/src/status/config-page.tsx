import { Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { DataPage } from '../app/data-page.tsx'
import { server } from '../app/server.ts'
import styles from './config-page.module.css'
import { yamlLine } from './yaml-line.ts'

/** The configuration in force, secrets hidden. */
export function ConfigPage() {
  const query = useQuery({ queryKey: ['config'], queryFn: ({ signal }) => server.config(signal), staleTime: 0 })
  const clipboard = useClipboard()
  const yaml = query.data?.data.yaml
  const copy = (
    <Button
      size="xs"
      variant="default"
      ml="auto"
      disabled={yaml === undefined}
      leftSection={clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
      onClick={() => clipboard.copy(yaml)}
    >
      {clipboard.copied ? 'Copied' : 'Copy'}
    </Button>
  )
  return (
    <DataPage title="Configuration" query={query} tools={copy}>
      {({ yaml }) => (
        <pre className={styles.yaml}>
          {yaml.split('\n').map((line, index) => {
            const { indent, key, rest } = yamlLine(line)
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name
              <span key={index}>
                {indent}
                <span className={styles.key}>{key}</span>
                {rest}
                {'\n'}
              </span>
            )
          })}
        </pre>
      )}
    </DataPage>
  )
}
