// Lists and cells of plain values: bounds, sharing, and what they forget.

import Testing

@testable import Bytes

@Suite struct FixedListTests {
  @Test func `a list takes as many elements as it says, in order`() {
    let list = FixedList<Int>(capacity: 3)
    for element in 1...3 {
      let isTaken = list.append(element)
      #expect(isTaken)
    }
    let isTaken = list.append(4)
    #expect(!isTaken)
    #expect(Array(list) == [1, 2, 3])
    list[1] = 7
    #expect(Array(list) == [1, 7, 3])
  }

  @Test func `a list that forgot its elements takes new ones`() {
    let list = FixedList<Int>(capacity: 2)
    _ = list.append(1)
    list.removeAll()
    #expect(list.isEmpty)
    _ = list.append(5)
    #expect(Array(list) == [5])
  }

  @Test func `whoever holds a list sees its changes`() {
    let list = FixedList<UInt8>(capacity: 2)
    let other = list
    _ = list.append(9)
    #expect(Array(other) == [9])
  }

  @Test func `a cell holds the value that was put in last`() {
    let cell = Cell((1, 2))
    cell.value.0 = 5
    #expect(cell.value == (5, 2))
    cell.value = (7, 8)
    #expect(cell.value == (7, 8))
  }
}
