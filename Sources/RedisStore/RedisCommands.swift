// The commands that are sent, and what their replies mean.

import Buckets
import Bytes
import PolicyChain
import RESP

enum RedisCommands {
  enum Script {
    /// The name that the server gave it.
    case digest([UInt8])
    case text
  }

  /// Signs in, selects the database, loads the script. Returns how many replies will come.
  static func setUp(_ definition: RedisDefinition, into output: inout Output) -> Int {
    var count = 1
    if let password = definition.password {
      CommandEncoder.begin(words: definition.user == nil ? 2 : 3, into: &output)
      CommandEncoder.append("AUTH", to: &output)
      if let user = definition.user { CommandEncoder.append(user.span, to: &output) }
      CommandEncoder.append(password.span, to: &output)
      count += 1
    }
    if definition.database > 0 {
      CommandEncoder.begin(words: 2, into: &output)
      CommandEncoder.append("SELECT", to: &output)
      CommandEncoder.append(decimal: UInt64(definition.database), to: &output)
      count += 1
    }
    CommandEncoder.begin(words: 3, into: &output)
    CommandEncoder.append("SCRIPT", to: &output)
    CommandEncoder.append("LOAD", to: &output)
    CommandEncoder.append(RedisScripts.decide, to: &output)
    return count
  }

  static func heartbeat(of instance: UInt64, into output: inout Output) {
    CommandEncoder.begin(words: 5, into: &output)
    CommandEncoder.append("EVAL", to: &output)
    CommandEncoder.append(RedisScripts.heartbeat, to: &output)
    CommandEncoder.append("1", to: &output)
    CommandEncoder.append("sluice:gateways", to: &output)
    var name = Output(capacity: 16)
    name.append(hex: instance, width: 16)
    CommandEncoder.append(name.bytes, to: &output)
  }

  /// One step for all buckets of a request.
  static func decide(
    _ questions: [BucketQuestion], by script: Script, into output: inout Output
  ) {
    CommandEncoder.begin(words: 3 + questions.count * 6, into: &output)
    switch script {
    case .digest(let name):
      CommandEncoder.append("EVALSHA", to: &output)
      CommandEncoder.append(name.span, to: &output)
    case .text:
      CommandEncoder.append("EVAL", to: &output)
      CommandEncoder.append(RedisScripts.decide, to: &output)
    }
    CommandEncoder.append(decimal: UInt64(questions.count), to: &output)
    var key = Output(capacity: 128)
    for question in questions {
      key.clear()
      key.append("sluice:")
      key.append(question.name)
      key.append(":")
      key.append(hex: question.key.0, width: 16)
      key.append(hex: question.key.1, width: 16)
      CommandEncoder.append(key.bytes, to: &output)
    }
    for question in questions {
      CommandEncoder.append(decimal: question.meter.unitsPerMicrosecond, to: &output)
      CommandEncoder.append(decimal: question.meter.windowMilliseconds, to: &output)
      CommandEncoder.append(decimal: question.meter.capacity, to: &output)
      CommandEncoder.append(decimal: question.units, to: &output)
      CommandEncoder.append(question.isShadow ? "1" : "0", to: &output)
    }
  }

  /// What the script's reply says; nil for anything else, which counts as no answer.
  static func decision(_ reply: Reply, count: Int) -> StoreDecision? {
    guard case .array(let items) = reply, items.count == 2 + 2 * count else { return nil }
    var numbers: [UInt64] = []
    for item in items {
      guard case .integer(let number) = item, number >= 0 else { return nil }
      numbers.append(UInt64(number))
    }
    let answers = (0..<count).map { index in
      BucketAnswer(level: numbers[2 + 2 * index], hasEnough: numbers[3 + 2 * index] == 1)
    }
    return StoreDecision(
      passes: numbers[0] == 1,
      time: MeterTime(monotonicMicroseconds: numbers[1], wallMilliseconds: numbers[1] / 1000),
      answers: answers)
  }
}
