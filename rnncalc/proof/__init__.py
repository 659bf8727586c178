"""The proof: forward pass against formula, each weight read and each mattering, and what frameworks recorded."""
