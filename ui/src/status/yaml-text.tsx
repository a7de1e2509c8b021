import { yamlLine } from './yaml-line.ts'
import styles from './yaml-text.module.css'

/** A configuration, its keys coloured. */
export function YamlText({ yaml }: { readonly yaml: string }) {
  return (
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
  )
}
