// Pools lend what they have, and give back what nobody needs.

import Bytes
import Testing

@Suite struct BufferPoolTests {
  private func pool(lending count: Int) -> (BufferPool, [Buffer]) {
    let pool = BufferPool(capacity: 100, idleMax: 64)
    return (pool, (0..<count).map { _ in pool.borrow() })
  }

  @Test func `the buffer that was given back last is lent first`() {
    let (pool, lent) = pool(lending: 3)
    for buffer in lent { pool.giveBack(buffer) }
    #expect(pool.borrow() === lent[2])
    #expect(pool.borrow() === lent[1])
  }

  @Test func `what a burst needed is freed once nobody needs it`() {
    let (pool, burst) = pool(lending: 20)
    for buffer in burst { pool.giveBack(buffer) }
    // The burst was within this interval: nothing is spare yet.
    pool.trim(keeping: 2)
    #expect(pool.heldBytes == 2_000)
    // Three were needed at a time since; so seventeen were not, of which two are kept.
    let few = (0..<3).map { _ in pool.borrow() }
    for buffer in few { pool.giveBack(buffer) }
    pool.trim(keeping: 2)
    #expect(pool.heldBytes == 500)
    pool.trim(keeping: 2)
    #expect(pool.heldBytes == 200)
    pool.trim(keeping: 2)
    #expect(pool.heldBytes == 200)
  }

  @Test func `what is lent counts as held and is never freed`() {
    let (pool, lent) = pool(lending: 4)
    pool.trim(keeping: 0)
    #expect(pool.heldBytes == 400)
    #expect(pool.lentCount == 4)
    for buffer in lent { pool.giveBack(buffer) }
    pool.trim(keeping: 0)
    pool.trim(keeping: 0)
    #expect(pool.heldBytes == 0)
    #expect(pool.lentCount == 0)
  }
}
