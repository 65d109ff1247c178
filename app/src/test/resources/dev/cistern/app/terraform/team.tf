resource "aws_elasticache_user_group" "made" {
  user_group_id = "made"
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.ann.user_id, aws_elasticache_user.closed.user_id]
}
