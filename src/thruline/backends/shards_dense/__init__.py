"""4-bit scans on the nodes of a Ray cluster, for collections that are beyond one machine's memory.

Rows are dealt to the shards in blocks by their number; each shard is a `flat4` in an actor. A question goes to all of
them with their part of the mask, and what they find is merged by its exact scores. The nodes hold nothing that is not
also here, in an unnamed file that this process alone can read: a shard that goes with its node is made again from it,
elsewhere, while the others answer and say how many rows were not looked at.
"""

from thruline.backends.shards_dense.index import ShardsDense

__all__ = ["ShardsDense"]
