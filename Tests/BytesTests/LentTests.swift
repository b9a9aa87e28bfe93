// Values that stand in their owner's memory: they are changed in place, lent to one caller at a
// time, and freed once with their owner.

import Testing

@testable import Bytes

@Suite struct LentTests {
  /// Counts what was freed.
  private final class Freed {
    let count = Lent(0)
  }

  private final class Counted {
    let freed: Freed

    init(_ freed: Freed) { self.freed = freed }
    deinit { freed.count { $0 += 1 } }
  }

  private final class Owner {
    let number = Cell(1)
    let list = Lent<[Int]>([])
    let object: Lent<Counted?>

    init(_ object: Counted?) { self.object = Lent(object) }
  }

  @Test func `what is lent is changed where it stands`() {
    let owner = Owner(nil)
    for number in 0..<100 {
      owner.list { $0.append(number) }
      owner.number.value += 1
    }
    #expect(owner.list { $0 } == Array(0..<100))
    #expect(owner.number.value == 101)
  }

  @Test func `a value is freed once, when it is replaced or with its owner`() {
    let freed = Freed()
    do {
      let owner = Owner(Counted(freed))
      owner.object { $0 = Counted(freed) }
      #expect(freed.count { $0 } == 1)
      _ = owner.number.value
    }
    #expect(freed.count { $0 } == 2)
  }

  @Test func `an error ends the loan`() {
    struct Refused: Error {}
    let owner = Owner(nil)
    #expect(throws: Refused.self) {
      try owner.list { list throws(Refused) in
        list.append(1)
        throw Refused()
      }
    }
    #expect(owner.list { $0 } == [1])
  }

  @Test func `who asks for a value that is lent stops the program`() async {
    await #expect(processExitsWith: .failure) {
      let list = Lent<[Int]>([])
      list { outer in list { outer = $0 } }
    }
  }

  @Test func `a held buffer shows what was filled when it came, and goes to who takes it`() {
    let held = HeldBuffer()
    #expect(held.take() == nil)
    let buffer = Buffer(capacity: 16)
    #expect(buffer.append("abc"))
    held.keep(buffer)
    #expect(buffer.append("def"))
    // The buffer is held by this test as long as its bytes are looked at.
    #expect(unsafe held.unsafeBytes(1..<3).text == "bc")
    #expect(held.take() === buffer)
    let isEmpty = held.isEmpty
    #expect(isEmpty)
  }
}
