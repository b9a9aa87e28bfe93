// Whatever stands in a condition: it is taken as it is written, or refused at a place within it.
import Configuration

enum ConditionProperty {
  static func check(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    do throws(ValueProblem) {
      let condition = try Expression(parsing: text)
      precondition(condition.description == text, "A condition prints as it was written.")
      precondition(condition.facts.count >= 1, "A condition looks at something.")
    } catch {
      precondition(error.reason != nil, "A refusal says why.")
      guard let place = error.place else { return }
      precondition(
        place.lowerBound >= 0 && place.upperBound <= text.unicodeScalars.count,
        "A refusal points into the text.")
    }
  }
}
