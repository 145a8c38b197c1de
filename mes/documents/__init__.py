"""What people work by and what they show: documents with revisions and who has read them, and photos from the floor."""
