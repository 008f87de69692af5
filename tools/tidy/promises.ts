/**
 * Floating promises: promises that no code awaits. Their failure goes unnoticed, or ends the process. The rule needs types, also of
 * dependencies (which Biome's rule does not see), so it works on a compiled program and not on the tree.
 */
import { join } from 'node:path'
import ts from 'typescript'
import type { Finding, Outcome } from './rule.ts'

export function readProgram(root: string): ts.Program {
  const path = join(root, 'tsconfig.json')
  const { config } = ts.readConfigFile(path, ts.sys.readFile)
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  return ts.createProgram(fileNames, options)
}

export function findFloatingPromises(program: ts.Program, root: string): Outcome {
  const checker = program.getTypeChecker()
  const findings: Finding[] = []
  let looked = 0
  for (const file of program.getSourceFiles()) {
    if (file.isDeclarationFile || file.fileName.includes('/node_modules/')) continue
    const walk = (node: ts.Node): void => {
      if (ts.isExpressionStatement(node)) {
        looked += 1
        if (isFloating(checker, node.expression)) {
          const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1
          findings.push({
            path: file.fileName.slice(root.length + 1),
            line,
            message: 'a floating promise: await it, or use void',
          })
        }
      }
      ts.forEachChild(node, walk)
    }
    walk(file)
  }
  return { looked, findings }
}

function isFloating(checker: ts.TypeChecker, expression: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(expression)) return isFloating(checker, expression.expression)
  if (ts.isAwaitExpression(expression) || ts.isVoidExpression(expression)) return false
  if (ts.isBinaryExpression(expression)) {
    const isChoice = [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken]
    return isChoice.includes(expression.operatorToken.kind) && isFloating(checker, expression.right)
  }
  if (ts.isConditionalExpression(expression)) return isFloating(checker, expression.whenTrue) || isFloating(checker, expression.whenFalse)
  return !hasFailureHandler(expression) && isThenable(checker, checker.getTypeAtLocation(expression))
}

/** `p.catch(f)` and `p.then(f, g)` handle the failure. */
function hasFailureHandler(expression: ts.Expression): boolean {
  if (!ts.isCallExpression(expression) || !ts.isPropertyAccessExpression(expression.expression)) return false
  const method = expression.expression.name.text
  return (method === 'catch' && expression.arguments.length === 1) || (method === 'then' && expression.arguments.length === 2)
}

function isThenable(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some((part) => isThenable(checker, part))
  const then = type.getProperty('then')
  return then !== undefined && checker.getTypeOfSymbol(then).getCallSignatures().length > 0
}
