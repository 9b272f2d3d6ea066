"""What studies of the crowd share: worlds changed in their arrays, run on the same shocks."""
