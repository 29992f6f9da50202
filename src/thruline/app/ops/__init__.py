"""Operations, one file a system."""
