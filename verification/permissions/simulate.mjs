// Decides requests by AWS's rules of evaluation: reads a list of simulations as JSON from stdin,
// writes a list of {result, ignored, error} in the same order. The evaluator and its data (Service
// Authorization Reference) are the package @cloud-copilot/iam-simulate, pinned in package.json.
import { runSimulation } from '@cloud-copilot/iam-simulate'

let text = ''
for await (const chunk of process.stdin) text += chunk
const decisions = []
for (const simulation of JSON.parse(text)) {
  const answer = await runSimulation(
    { serviceControlPolicies: [], resourceControlPolicies: [], ...simulation },
    {}
  )
  decisions.push({
    result: answer.overallResult ?? null,
    ignored: answer.result?.ignoredContextKeys ?? [],
    error: answer.resultType === 'error' ? JSON.stringify(answer.errors) : null
  })
}
process.stdout.write(JSON.stringify(decisions))
